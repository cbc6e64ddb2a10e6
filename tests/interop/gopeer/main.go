// SPDX-License-Identifier: Apache-2.0

// gopeer is the other end of the interoperability tests: hashicorp/yamux or libp2p/go-yamux over a Unix socket.
// tests/interop/README.md has what every peer understands.
//
//	gopeer LIBRARY serve [OPTION]... PATH
//	gopeer LIBRARY dial [OPTION]... PATH
//	gopeer LIBRARY run [OPTION]... PATH COMMAND...
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
)

var libraries = map[string]func(net.Conn, bool, settings) (mux, error){
	"hashicorp": newHashicorp,
	"libp2p":    newLibp2p,
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: gopeer hashicorp|libp2p serve|dial|run [-backlog N] PATH [COMMAND]...")
	os.Exit(2)
}

func main() {
	if len(os.Args) < 3 {
		usage()
	}
	options := flag.NewFlagSet("gopeer", flag.ExitOnError)
	backlog := options.Int("backlog", 256, "streams that may wait to be accepted")
	options.Usage = usage
	options.Parse(os.Args[3:])
	start, known := libraries[os.Args[1]]
	if !known || options.NArg() < 1 {
		usage()
	}
	end := endpoint{start: start, backlog: *backlog, path: options.Arg(0)}
	var err error
	switch os.Args[2] {
	case "serve":
		err = end.serve()
	case "dial":
		err = end.dial()
	case "run":
		err = end.run(options.Args()[1:])
	default:
		usage()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
