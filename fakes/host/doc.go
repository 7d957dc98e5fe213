// Package host is the server that a fake stands on: it listens, reads requests,
// notes them in a journal, lets faults act on them, and asks an [API] for the
// answer that there would be without them.
//
// Enter at [Start]. A host listens on loopback unless told otherwise. Closing it
// ends every request, whatever fault holds it, and returns when nothing is left.
//
// What is done for a request, in order: it is read and noted; faults are chosen;
// unless a fault refuses it, its work is done, at once; then time passes, the
// answer is changed, and sent. So a slow answer is one whose work was done and
// whose client was kept waiting.
package host
