// What does the server say before it dies of a fault of its own?
//
// A signal that the program cannot survive (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) leaves its name, the version and
// the calls that led there on standard error; then the process ends by that signal, with a core file where the system
// keeps them. What was acknowledged is in the logs and stores, and is there after the next start. Lines of the server's
// log that wait to be written go first. Nobody who reads standard error keeps the process alive for more than seconds.
//
// THREADS: once, before others start; the handler is for all threads. A thread whose stack is full says nothing.
#pragma once

namespace gyre::observe {
class LineQueue;
}

namespace gyre {

void reportFatalSignals();

// The queue whose lines go first; null before it ends.
void flushAtFatalSignals(const observe::LineQueue* queue);

}  // namespace gyre
