// SPDX-License-Identifier: Apache-2.0

// gopeer is the other end of the interoperability tests: hashicorp/yamux or libp2p/go-yamux, or a connection as it is
// (raw), over a Unix socket, or on Windows over a named pipe by go-winio. tests/interop/README.md has what every peer
// understands.
//
//	gopeer LIBRARY serve [OPTION]... PATH
//	gopeer LIBRARY dial [OPTION]... PATH
//	gopeer LIBRARY run [OPTION]... PATH COMMAND...
//	gopeer raw serve|dial [-messages] PATH
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
	fmt.Fprintln(os.Stderr, "usage: gopeer hashicorp|libp2p|raw serve|dial|run [-backlog N] [-messages] PATH [COMMAND]...")
	os.Exit(2)
}

func main() {
	if len(os.Args) < 3 {
		usage()
	}
	options := flag.NewFlagSet("gopeer", flag.ExitOnError)
	backlog := options.Int("backlog", 256, "streams that may wait to be accepted")
	messages := options.Bool("messages", false, "a pipe of messages")
	options.Usage = usage
	options.Parse(os.Args[3:])
	start, known := libraries[os.Args[1]]
	raw := os.Args[1] == "raw"
	if !known && !raw || options.NArg() < 1 {
		usage()
	}
	end := endpoint{start: start, backlog: *backlog, messages: *messages, path: options.Arg(0)}
	var err error
	switch verb := os.Args[2]; {
	case verb == "serve" && raw:
		err = end.serveRaw()
	case verb == "dial" && raw:
		err = withLimit(func() error { return end.sendRaw(200) })
	case verb == "serve":
		err = end.serve()
	case verb == "dial":
		err = end.dial()
	case verb == "run" && !raw:
		err = end.run(options.Args()[1:])
	default:
		usage()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
