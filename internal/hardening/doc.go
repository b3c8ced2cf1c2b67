// Package hardening keeps the private keys of this process out of reach of
// other programs of the same user: out of core dumps and, on Linux, out of
// /proc and debuggers. main calls [Apply] before anything else.
package hardening
