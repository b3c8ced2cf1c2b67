// Package cells is tests alone: each trouble at each call of an operation, in
// processes that live in a bubble of virtual time, over the product's own
// operations and the simulated cloud.
package cells
