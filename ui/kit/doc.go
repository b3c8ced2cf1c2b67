// Package kit is what every screen draws with: frames that carry the cursor,
// one theme, a page with a pinned live line, fields, choices, checks and links.
// It knows Charm's libraries and nothing of this program.
package kit
