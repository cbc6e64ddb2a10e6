// SPDX-License-Identifier: Apache-2.0

package gomux

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
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
	streams int
	words   []string // of the mode
}

func (p plan) has(word string) bool {
	return slices.Contains(p.words, word)
}

func program() string {
	return filepath.Base(os.Args[0])
}

func fail(what string, why any) {
	fmt.Fprintf(os.Stderr, "%s: %s: %v\n", program(), what, why)
	os.Exit(1)
}

func usage(wrong string) {
	fmt.Fprintf(os.Stderr, "%[1]s: %[2]s\nusage: %[1]s server|client CASE MODE URL SECONDS\n", program(), wrong)
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
	p := plan{server: args[1] == "server", bench: args[2], url: args[4], streams: 1, words: strings.Split(args[3], ",")}
	if p.bench == "inflight64" {
		p.streams = 64
	}
	seconds := number(args[5], 0.01, 60, "SECONDS is between 0.01 and 60")
	p.measure = time.Duration(seconds * 1e9)
	p.warmup = 50*time.Millisecond + p.measure/5
	for _, word := range p.words {
		if streams, found := strings.CutPrefix(word, "streams="); found {
			p.streams = int(number(streams, 1, 1e6, "a count is between 1 and 1000000"))
		}
		if think, found := strings.CutPrefix(word, "think="); found {
			p.think = time.Duration(number(think, 0, 1000, "think is between 0 and 1000 us") * 1e3)
		}
	}
	return p
}

// network is the URL in Go's words.
func (p plan) network() (string, string) {
	if path, found := strings.CutPrefix(p.url, "unix://"); found {
		return "unix", path
	}
	address, found := strings.CutPrefix(p.url, "tcp://")
	if !found {
		fail(p.url, "neither unix:///path nor tcp://address:port")
	}
	return "tcp", address
}

// connect gives the connection of this side: a server listens, says "ready", and accepts one.
func (p plan) connect() net.Conn {
	network, address := p.network()
	if !p.server {
		conn, err := net.Dial(network, address)
		if err != nil {
			fail("dial", err)
		}
		return conn
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		fail("listen", err)
	}
	defer listener.Close()
	fmt.Printf("ready %s://%s\n", network, listener.Addr())
	conn, err := listener.Accept()
	if err != nil {
		fail("accept", err)
	}
	return conn
}
