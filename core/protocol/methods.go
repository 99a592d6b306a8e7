package protocol

// Method implements Request.
func (*Hello) Method() string       { return "peer.hello" }
func (*Assign) Method() string      { return "peer.assign" }
func (*Register) Method() string    { return "peer.register" }
func (*GetPeers) Method() string    { return "peer.peers" }
func (*GetHeaders) Method() string  { return "peer.headers" }
func (*GetBlocks) Method() string   { return "peer.blocks" }
func (*GetTxs) Method() string      { return "peer.txs" }
func (*GetBlockTxs) Method() string { return "peer.blocktxs" }
func (*GetParams) Method() string   { return "peer.params" }
func (*GetPolicy) Method() string   { return "peer.policy" }
func (*Ping) Method() string        { return "peer.ping" }

// Method implements Notice.
func (*Announce) Method() string { return "peer.announce" }
func (*Compact) Method() string  { return "peer.compact" }

func (*Announce) notice() {}
func (*Compact) notice()  {}

func (*Hello) response()      {}
func (*Assigned) response()   {}
func (*Registered) response() {}
func (*Peers) response()      {}
func (*Headers) response()    {}
func (*Blocks) response()     {}
func (*Txs) response()        {}
func (*BlockTxs) response()   {}
func (*Params) response()     {}
func (*Policy) response()     {}
func (*Pong) response()       {}
