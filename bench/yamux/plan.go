// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// plan is the command line that all measuring programs share; see bench/measure.h.
type plan struct {
	server  bool
	bench   string
	url     string
	warmup  time.Duration
	measure time.Duration
	think   time.Duration
}

func fail(what string, why any) {
	fmt.Fprintf(os.Stderr, "bench_yamux: %s: %v\n", what, why)
	os.Exit(1)
}

func usage(wrong string) {
	fmt.Fprintf(os.Stderr, "bench_yamux: %s\nusage: bench_yamux server|client CASE MODE URL SECONDS\n", wrong)
	os.Exit(2)
}

func number(text string, low, high float64, wrong string) float64 {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || !(value >= low && value <= high) {
		usage(wrong)
	}
	return value
}

func parse(args []string) plan {
	if len(args) != 6 {
		usage("five arguments are needed")
	}
	if args[1] != "server" && args[1] != "client" {
		usage("the role is server or client")
	}
	p := plan{server: args[1] == "server", bench: args[2], url: args[4]}
	seconds := number(args[5], 0.01, 60, "SECONDS is between 0.01 and 60")
	p.measure = time.Duration(seconds * 1e9)
	p.warmup = 50*time.Millisecond + p.measure/5
	for _, word := range strings.Split(args[3], ",") {
		if think, found := strings.CutPrefix(word, "think="); found {
			p.think = time.Duration(number(think, 0, 1000, "think is between 0 and 1000 us") * 1e3)
		}
	}
	return p
}

// connect gives the connection of this side: a server listens, says "ready", and accepts one.
func (p plan) connect() net.Conn {
	path, found := strings.CutPrefix(p.url, "unix://")
	if !found {
		fail(p.url, "only unix:///path is known")
	}
	if !p.server {
		conn, err := net.Dial("unix", path)
		if err != nil {
			fail("dial", err)
		}
		return conn
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		fail("listen", err)
	}
	defer listener.Close()
	fmt.Println("ready", p.url)
	conn, err := listener.Accept()
	if err != nil {
		fail("accept", err)
	}
	return conn
}
