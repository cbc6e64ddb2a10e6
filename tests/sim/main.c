/* SPDX-License-Identifier: Apache-2.0
 *
 * stories: tells many stories, each in a few schedules; or one again; or small ones in all. docs/testing.md
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/many.h"
#include "tests/sim/shrink.h"
#include "tests/sim/small.h"
#include "tests/sim/switches.h"

enum mode { MODE_MANY, MODE_ONE, MODE_SEARCH };

struct options {
  enum mode mode;
  struct telling telling;
  struct many many;
  bool shrink;
  const char *search; /* NULL: all */
  unsigned bound;
  unsigned part;
  unsigned parts;
};

static const char usage[] =
    "usage: stories [--from N] [--count N] [--schedules N] [--seconds N] [--survey] [--twice] [--traces]\n"
    "               [--failures N]\n"
    "       stories --story NAME [--schedule N] [--steps N] [--drop ACT,...] [--fail PLACE]\n"
    "               [--switches LIST] [--shrink]\n"
    "       stories --search [NAME] [--bound N] [--part I/N]\n"
    "\n"
    "  --from, --count   the stories to tell (1, 1000)\n"
    "  --schedules       each in so many (2)\n"
    "  --seconds         no new one is begun after so many\n"
    "  --survey          go on behind faults, and list them\n"
    "  --twice           tell each again, which must go the same way\n"
    "  --failures        tell each as often as that with something failing, at other places and in all ways\n"
    "  --traces          print story, schedule, steps and trace of each\n"
    "  --story           tell this one, aloud\n"
    "  --schedule        in this schedule\n"
    "  --steps           whose changes of priorities are spread over so many\n"
    "  --drop            without these acts\n"
    "  --fail            with that failing: allocation:N, call:N (of the system), and :rest, all behind it too\n"
    "  --switches        in the schedule of this list, with all other chance from --schedule\n"
    "  --shrink          look for fewer acts and switches that fail in the same way\n"
    "  --shrink-seconds  for so long; also where one of many fails (60, 0: not at all)\n"
    "  --search          small stories, those with that in their names, in all schedules with few switches\n"
    "  --bound           so few (1)\n"
    "  --part            each N-th of them, from the I-th on\n";

static void refuse(const char *text) {
  fprintf(stderr, "stories: '%s' is not understood\n%s", text, usage);
  exit(2);
}

static uint64_t number(const char *text) {
  char *end;
  uint64_t value = strtoull(text, &end, 0);
  if (!*text || *end) refuse(text);
  return value;
}

static void parse_story(struct options *options, const char *text) {
  options->mode = MODE_ONE;
  if (!small_find(text, &options->telling.story)) options->telling.story = number(text);
}

static void parse_drops(struct options *options, char *text) {
  for (char *act = strtok(text, ","); act; act = strtok(NULL, ","))
    if (number(act) < STORY_ACTS_MAX) options->telling.dropped[number(act)] = true;
}

static void parse_part(struct options *options, const char *text) {
  if (sscanf(text, "%u/%u", &options->part, &options->parts) != 2 || !options->parts || options->part >= options->parts)
    refuse(text);
}

static void parse_one(struct options *options, int option) {
  switch (option) {
  case 'o':
    parse_story(options, optarg);
    break;
  case 'w':
    options->telling.schedule = number(optarg);
    break;
  case 'e':
    options->telling.steps = number(optarg);
    break;
  case 'd':
    parse_drops(options, optarg);
    break;
  case 'i':
    options->telling.switches = switches_parse(optarg);
    if (!options->telling.switches) refuse(optarg);
    break;
  case 'F':
    if (!failing_parse(optarg, &options->telling.failing)) refuse(optarg);
    break;
  case 'k':
    options->shrink = true;
    break;
  case 'a':
    options->mode = MODE_SEARCH;
    options->search = optarg;
    break;
  case 'b':
    options->bound = (unsigned)number(optarg);
    break;
  case 'p':
    parse_part(options, optarg);
    break;
  default:
    fputs(usage, stderr);
    exit(2);
  }
}

static void parse_many(struct options *options, int option) {
  struct many *many = &options->many;
  switch (option) {
  case 'f':
    many->from = number(optarg);
    break;
  case 'c':
    many->count = number(optarg);
    break;
  case 'm':
    many->schedules = number(optarg);
    break;
  case 't':
    many->seconds = number(optarg);
    break;
  case 's':
    many->survey = true;
    break;
  case '2':
    many->twice = true;
    break;
  case 'N':
    many->failures = number(optarg);
    break;
  case 'r':
    many->traces = true;
    break;
  case 'h':
    many->shrink_seconds = (unsigned)number(optarg);
    break;
  default:
    parse_one(options, option);
  }
}

static void parse(int argc, char **argv, struct options *options) {
  static const struct option known[] = {{"fail", 1, NULL, 'F'},           {"failures", 1, NULL, 'N'},
                                        {"from", 1, NULL, 'f'},           {"count", 1, NULL, 'c'},
                                        {"schedules", 1, NULL, 'm'},      {"seconds", 1, NULL, 't'},
                                        {"survey", 0, NULL, 's'},         {"twice", 0, NULL, '2'},
                                        {"traces", 0, NULL, 'r'},         {"story", 1, NULL, 'o'},
                                        {"schedule", 1, NULL, 'w'},       {"steps", 1, NULL, 'e'},
                                        {"drop", 1, NULL, 'd'},           {"switches", 1, NULL, 'i'},
                                        {"shrink", 0, NULL, 'k'},         {"search", 2, NULL, 'a'},
                                        {"shrink-seconds", 1, NULL, 'h'}, {"bound", 1, NULL, 'b'},
                                        {"part", 1, NULL, 'p'},           {NULL, 0, NULL, 0}};
  *options =
      (struct options){.many = {.from = 1, .count = 1000, .schedules = 2, .seconds = UINT64_MAX, .shrink_seconds = 60},
                       .bound = 1,
                       .parts = 1};
  for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) parse_many(options, option);
  if (optind < argc && options->mode == MODE_SEARCH) options->search = argv[optind];
  if (!options->telling.schedule)
    options->telling.schedule = small_is(options->telling.story) ? 1 : options->telling.story;
}

static bool tell_one(const struct options *options) {
  struct telling telling = options->telling;
  if (options->shrink) {
    if (!shrink(&telling, options->many.shrink_seconds)) {
      printf("it does not fail\n");
      return true;
    }
    printf("smaller:\n");
    shrink_print(&telling);
    return false;
  }
  struct told told;
  tell_aloud(&telling, &told);
  printf("%s%llu steps, %llu switches, trace %016llx\n", told.fault, (unsigned long long)told.steps,
         (unsigned long long)told.switches, (unsigned long long)told.trace);
  if (!told.fine) telling_print(&telling);
  return told.fine;
}

int main(int argc, char **argv) {
  struct options options;
  bool fine = false;
  parse(argc, argv, &options);
  tell_begin();
  switch (options.mode) {
  case MODE_MANY:
    fine = many_tell(&options.many);
    break;
  case MODE_ONE:
    fine = tell_one(&options);
    break;
  case MODE_SEARCH:
    fine = many_search(options.search, options.bound, options.part, options.parts, options.many.shrink_seconds);
    break;
  }
  return !fine;
}
