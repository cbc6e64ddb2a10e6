# SPDX-License-Identifier: Apache-2.0
"""What tools/bench makes of figures: medians, spreads, ratios, verdicts, and how it shares its time. The programs are
fakes that know their figures."""

import json
import sys
import unittest

import fake

sys.path.insert(0, str(fake.ROOT / "bench"))

from runner import cases, rounds  # noqa: E402
from runner.budget import Budget  # noqa: E402


def says(figures):
    """A client that gives another of these figures in each run, in turn."""
    count = '$(cat "$0.runs" 2>/dev/null | wc -l)'
    choice = "".join(f'{i}) echo "{figure} us 100";; ' for i, figure in enumerate(figures))
    return f'{fake.SERVER}n={count}; echo >>"$0.runs"; case $((n % {len(figures)})) in {choice}esac\n'.replace(
        "$(cat", "$(/bin/cat").replace("| wc -l", "| /usr/bin/wc -l")


class Figures(unittest.TestCase):
    def rows(self, scripts, *arguments, plugins=("unix_epoll",)):
        with fake.build(scripts, plugins) as folder:
            file = folder / "rows.json"
            self.ran = fake.bench("--build", folder, "--json", file, *arguments)
            self.assertEqual(self.ran.returncode, 0, self.ran.stderr)
            return json.loads(file.read_text(encoding="utf-8"))

    def test_a_row_has_the_median_the_spread_and_ratios_to_the_first_of_each_peer(self):
        rows = self.rows({"bench_raw": says([10, 30, 20]), "bench_hawser": says([9]), "bench_zmq": says([40])},
                         "--only", "rtt64", "--transport", "unix", "--rounds", "3")
        first = rows[0]
        self.assertEqual((first["who"], first["transport"], first["runs"]), ("raw", "unix", 3))
        zmq = next(row for row in rows if row["who"] == "zmq")
        self.assertEqual(zmq["ratio"]["raw"], 40 / first["value"])
        hawser = next(row for row in rows if row["who"] == "hawser")
        self.assertEqual(hawser["ratio"], {"raw": float(f"{9 / first['value']:.4g}"), "zmq": 9 / 40})
        low, high = first["spread"]
        self.assertTrue(low <= first["value"] <= high)
        self.assertNotIn("raw", first["ratio"])

    def test_hawser_is_compared_with_itself_where_a_target_says_so(self):
        value = 'case $3 in *stalled*) echo "30 us 9";; *) echo "10 us 9";; esac\n'
        rows = self.rows({"bench_hawser": fake.SERVER + value}, "--only", "victim", "--transport", "unix", "--rounds", "1")
        self.assertEqual({row["mode"]: row["ratio"] for row in rows},
                         {"io,alone": {}, "io,stalled": {"hawser": 3.0}, "io,transfer": {"hawser": 1.0},
                          "io,hostile": {"hawser": 1.0}})
        verdicts = {line.split()[3]: line.rstrip("?").split()[-1].rstrip("?") for line in self.ran.stdout.splitlines()[1:]
                    if line.startswith("victim")}
        self.assertEqual(verdicts["io,stalled"], "NO")
        self.assertEqual(verdicts["io,transfer"], "yes")

    def test_transports_take_turns_and_one_without_a_plugin_is_named(self):
        rows = self.rows({"bench_raw": says([1]), "bench_hawser": says([1])}, "--only", "openclose", "--rounds", "1")
        self.assertEqual({(row["who"], row["transport"]) for row in rows},
                         {("raw", "unix"), ("hawser", "unix"), ("raw", "tcp")})
        self.assertIn("hawser: left out over tcp: the plugin tcp_epoll.so is missing", self.ran.stderr)

    def test_peers_that_are_missing_are_named_with_their_package(self):
        self.rows({"bench_raw": says([1])}, "--only", "openclose", "--rounds", "1")
        for words in ("zmq: left out: install libzmq3-dev", "nng: left out: install libnng-dev", "libgrpc++-dev",
                      "yamux: left out"):
            self.assertIn(words, self.ran.stderr)

    def test_the_mode_of_the_wire_is_hawsers_alone(self):
        rows = self.rows({"bench_raw": says([1]), "bench_hawser": says([1])}, "--only", "openclose", "--rounds", "1",
                         "--transport", "unix", "--mode", "native")
        self.assertEqual({row["mode"] for row in rows}, {"block", "caller,native", "io,native"})

    def test_a_failing_program_is_named_and_fails_the_run(self):
        with fake.build({"bench_raw": "echo broken >&2\nexit 3\n"}) as folder:
            ran = fake.bench("--build", folder, "--only", "bulk64k", "--rounds", "1", "--transport", "unix")
        self.assertEqual(ran.returncode, 1)
        self.assertIn("bulk64k unix raw block: the server ended: broken", ran.stderr)

    def test_what_is_unknown_is_refused_by_name(self):
        for words in (["--only", "rtt64,nonsense"], ["--transport", "nonsense"], ["--who", "nonsense"]):
            ran = fake.bench(*words)
            self.assertEqual(ran.returncode, 2)
            self.assertIn("nonsense", ran.stderr)

    def test_where_nothing_can_count_calls_that_case_is_left_out(self):
        self.rows({"bench_raw": says([1])}, "--only", "syscalls,openclose", "--rounds", "1", "--transport", "unix")
        self.assertIn("syscalls: left out", self.ran.stderr)


class Arithmetic(unittest.TestCase):
    def test_a_reference_of_zero_gives_no_ratio(self):
        entries = {cases.Entry("raw", "a"): 0.0, cases.Entry("hawser", "b"): 5.0}
        rows = {entry: rounds.Row("x", entry.who, "unix", entry.mode, value, "us", [value, value], 1)
                for entry, value in entries.items()}
        rounds.add_ratios(rows, cases.PEERS)
        self.assertEqual([row.ratio for row in rows.values()], [{"hawser": 0.0}, {}])

    def test_every_target_can_be_known_in_its_group(self):
        for group in cases.GROUPS:
            who = {entry.who for entry in group.entries}
            for entry in group.entries:
                for target in entry.targets:
                    self.assertTrue(not target.peer or target.peer in who & set(group.peers()), (group.case, target))

    def test_entries_of_a_group_differ(self):
        for group in cases.GROUPS:
            self.assertEqual(len(set(group.entries)), len(group.entries), group.case)


class Time(unittest.TestCase):
    def setUp(self):
        self.time = 0

    def rounds_of(self, budget, seconds, most):
        budget.start()
        count = 0
        while count < most and budget.allows_round():
            self.time += seconds
            count += 1
        return count

    def test_a_budget_is_shared_by_weight_and_what_is_left_over_goes_on(self):
        budget = Budget(100, [1, 1, 2], now=lambda: self.time)
        self.assertEqual(self.rounds_of(budget, 5, 100), 5)  # a quarter
        self.assertEqual(self.rounds_of(budget, 5, 1), 1)  # has less to do
        self.assertEqual(self.rounds_of(budget, 10, 100), 7)  # 70 s are left

    def test_a_group_that_comes_too_late_has_one_round(self):
        budget = Budget(10, [1, 1], now=lambda: self.time)
        self.assertEqual(self.rounds_of(budget, 60, 4), 1)
        self.assertEqual(self.rounds_of(budget, 60, 4), 1)

    def test_without_a_budget_there_are_as_many_as_wanted(self):
        budget = Budget(None, [1], now=lambda: self.time)
        self.assertEqual(self.rounds_of(budget, 60, 5), 5)


if __name__ == "__main__":
    unittest.main()
