// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import "net"

func listenAt(path string, _ bool) (net.Listener, error) { return net.Listen("unix", path) }

func dialAt(path string) (net.Conn, error) { return net.Dial("unix", path) }
