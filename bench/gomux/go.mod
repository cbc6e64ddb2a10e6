module hawser/bench/gomux

go 1.25

require (
	github.com/hashicorp/yamux v0.1.2
	github.com/xtaci/smux v1.5.34
)
