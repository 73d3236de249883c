#include <limits.h>
#include <string.h>
#include <unistd.h>

// How long the threads of GNU's OpenMP, which oneDNN runs on, spin before they sleep: by default some milliseconds, in
// which they take the processor from whoever has work. A thousand turns are some ten microseconds, enough for the gaps
// between two layers of a network (docs/performance.md, "Beside other programs").
//
// OpenMP reads its environment when it is loaded. Functions in .preinit_array, which only executables have, run before that; but what they
// set is lost, as the C library takes its environment from the kernel's array when it begins, after them. So the program starts itself
// once more, with the environment that it wants: some milliseconds. What the user has set is left.
static int is_set(char **environment, const char *name) {
  size_t length = strlen(name);
  for (; *environment; environment++)
    if (!strncmp(*environment, name, length) && (*environment)[length] == '=') return 1;
  return 0;
}

static void spin_briefly(int count, char **arguments, char **environment) {
  (void)count;
  if (is_set(environment, "OMP_WAIT_POLICY") || is_set(environment, "GOMP_SPINCOUNT")) return;
  char program[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length <= 0) return;
  program[length] = 0;
  // A loader that was told to run this program: it would run itself.
  const char *name = strrchr(program, '/');
  if (!name || !strncmp(name, "/ld", 3)) return;
  size_t variables = 0;
  while (environment[variables]) variables++;
  char *wanted[variables + 2];
  memcpy(wanted, environment, variables * sizeof *wanted);
  wanted[variables] = "GOMP_SPINCOUNT=1000";
  wanted[variables + 1] = 0;
  // Where it cannot, such as a file that has been removed since, it goes on as it is.
  execve(program, arguments, wanted);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_openmp)(int, char **, char **) = spin_briefly;
