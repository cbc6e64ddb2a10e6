// SPDX-License-Identifier: Apache-2.0

// gopeer is the other end of the interoperability tests: hashicorp/yamux over a Unix socket, in either role.
//
//	gopeer serve PATH         answer commands (server.go); PATH.hasty resets streams that stay half-closed
//	gopeer serve -echo PATH   echo every stream, as "hawser echo" does
//	gopeer run PATH           run the scenarios against an echo server
//	gopeer command PATH       run the scenarios against a server that answers commands
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

var (
	echoOnly  = flag.Bool("echo", false, "serve: echo every stream")
	only      = flag.String("only", "", "run, command: the scenarios to run, separated by commas")
	megabytes = flag.Int("megabytes", 64, "how much the echo scenario sends")
	streams   = flag.Int("streams", 256, "how many streams are open at once")
	verbose   = flag.Bool("verbose", false, "print what the library logs")
)

func usage() {
	fmt.Fprintln(os.Stderr, "usage: gopeer serve|run|command [OPTION]... PATH")
	flag.PrintDefaults()
	os.Exit(2)
}

func wanted(name string) bool {
	return *only == "" || strings.Contains(","+*only+",", ","+name+",")
}

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	role := os.Args[1]
	flag.Usage = usage
	flag.CommandLine.Parse(os.Args[2:])
	if flag.NArg() != 1 {
		usage()
	}
	path := flag.Arg(0)
	switch role {
	case "serve":
		serve(path)
	case "run":
		runScenarios(path, echoScenarios)
	case "command":
		runScenarios(path, commandScenarios)
	default:
		usage()
	}
}
