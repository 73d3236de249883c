// Stands where libtiff looks for libjbig, which is under the GPL and by whose terms the whole archive would be. Of TIFF's compressions JBIG,
// of fax machines, is the rarest: such a file is refused, with libtiff's error. What libtiff 4 needs, by jbig.h of JBIG-KIT 2.1.

enum { refused = 0x60 };

void jbg_dec_init(void *state) { (void)state; }
int jbg_dec_in(void *state, unsigned char *bytes, unsigned long count, unsigned long *read) {
  (void)state;
  (void)bytes;
  (void)count;
  if (read) *read = 0;
  return refused;
}
void jbg_dec_getsize(const void *state, unsigned long *width, unsigned long *height) {
  (void)state;
  *width = *height = 0;
}
unsigned char *jbg_dec_getimage(const void *state, int plane) {
  (void)state;
  (void)plane;
  return 0;
}
void jbg_dec_free(void *state) { (void)state; }
int jbg_newlen(unsigned char *bytes, unsigned long count) {
  (void)bytes;
  (void)count;
  return refused;
}
const char *jbg_strerror(int error) {
  (void)error;
  return "JBIG is not supported by this build";
}

// To write: never called.
void jbg_enc_init(void *state, unsigned long width, unsigned long height, int planes, unsigned char **bits,
                  void (*write)(unsigned char *, unsigned long, void *), void *file) {
  (void)state;
  (void)width;
  (void)height;
  (void)planes;
  (void)bits;
  (void)write;
  (void)file;
}
void jbg_enc_out(void *state) { (void)state; }
void jbg_enc_free(void *state) { (void)state; }
