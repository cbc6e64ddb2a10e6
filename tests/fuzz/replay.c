/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for libFuzzer where there is none: gives a fuzzer every file of its corpus once, and fails if the corpus
 * is empty, so that it cannot pass by looking in the wrong place.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file in memory of exactly its size, so that a read past its end is one past an allocation. */
static uint8_t *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  uint8_t *data = NULL;
  if (file == NULL) return NULL;
  if (fseek(file, 0, SEEK_END) == 0) {
    long end = ftell(file);
    if (end >= 0 && fseek(file, 0, SEEK_SET) == 0) {
      *size = (size_t)end;
      data = malloc(*size > 0 ? *size : 1);
      if (data != NULL && fread(data, 1, *size, file) != *size) {
        free(data);
        data = NULL;
      }
    }
  }
  (void)fclose(file);
  return data;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    (void)fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
    return 2;
  }
  DIR *corpus = opendir(argv[1]);
  if (corpus == NULL) {
    (void)fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
    return 1;
  }
  unsigned files = 0;
  int failed = 0;
  for (struct dirent *entry = readdir(corpus); entry != NULL && !failed; entry = readdir(corpus)) {
    char path[4096];
    size_t size = 0;
    if (entry->d_name[0] == '.') continue;
    (void)snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
    uint8_t *data = read_file(path, &size);
    if (data == NULL) {
      (void)fprintf(stderr, "%s: cannot be read\n", path);
      failed = 1;
      continue;
    }
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    files++;
  }
  (void)closedir(corpus);
  (void)printf("%u inputs\n", files);
  return failed || files == 0;
}
