#include <stdlib.h>

// How long the threads of GNU's OpenMP, which oneDNN runs on, spin before they sleep: by default some milliseconds, in
// which they take the processor from whoever has work. A thousand turns are some ten microseconds, enough for the gaps
// between two layers of a network (docs/performance.md, "Beside other programs").
//
// OpenMP reads its environment when it is loaded, before any constructor of the program; functions in .preinit_array,
// which only executables have, run before that. What the user has set is left.
static void spin_briefly(void) {
  if (!getenv("OMP_WAIT_POLICY")) setenv("GOMP_SPINCOUNT", "1000", 0);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_openmp)(void) = spin_briefly;
