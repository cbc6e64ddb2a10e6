module hawser/tests/interop/gopeer

go 1.23

require (
	github.com/Microsoft/go-winio v0.6.2
	github.com/hashicorp/yamux v0.1.2
	github.com/libp2p/go-yamux/v5 v5.1.0
)

require (
	github.com/libp2p/go-buffer-pool v0.0.2 // indirect
	golang.org/x/sys v0.10.0 // indirect
)
