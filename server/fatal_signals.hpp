// What does the server say before it dies of a fault of its own?
//
// A signal that the program cannot survive (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) leaves its name, the version and
// the calls that led there on standard error; then the process ends by that signal, with a core file where the system
// keeps them. What was acknowledged is in the logs and stores, and is there after the next start.
//
// THREADS: once, before others start; the handler is for all threads. A thread whose stack is full says nothing.
#pragma once

namespace gyre {

void reportFatalSignals();

}  // namespace gyre
