// Package registry keeps accounts and drafts on disk: one file each, an index
// of them all, and what was last checked of an account. It holds no secret: of
// a key there is only the public half and the name of its store.
//
//	<data>/accounts/<id>.json   an account or draft, whole; the truth
//	<data>/index                what a list shows of each; made again from the files when in doubt
//	<data>/registry.lock        held while accounts and index change; never deleted
//	<data>/registry.lock.queue  held by who is the next to have it; never deleted
//	<state>/checks/<id>.json    the last verification; may be lost
//	<state>/last-checks         what the list shows of each; made again from them when in doubt
//
// Every file is replaced whole by a rename, so that a reader needs no lock and
// a crash leaves the old file or the new one. A change takes the index away
// before it touches an account's file and puts it back after: an index that is
// missing belongs to a change that was not finished, and the next reader makes
// it again. An index also records when the directory of the files last changed,
// which tells of files that came or went by other hands. What it does not tell
// of is a file that somebody edited in place; the list shows that after the
// next change.
//
// A file that a newer version wrote, that is damaged, or that cannot be read is
// listed as such and never overwritten or deleted. Fields that this version
// does not know survive, as long as the schema is ours.
package registry
