module hawser/bench/yamux

go 1.25

require github.com/hashicorp/yamux v0.1.2
