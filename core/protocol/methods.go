package protocol

// The methods, as they are on the wire.
const (
	methodHello       = "peer.hello"
	methodAssign      = "peer.assign"
	methodRegister    = "peer.register"
	methodGetPeers    = "peer.peers"
	methodGetHeaders  = "peer.headers"
	methodGetBlocks   = "peer.blocks"
	methodGetTxs      = "peer.txs"
	methodGetBlockTxs = "peer.blocktxs"
	methodGetParams   = "peer.params"
	methodGetPolicy   = "peer.policy"
	methodPing        = "peer.ping"
	methodAnnounce    = "peer.announce"
	methodCompact     = "peer.compact"
)

// Methods lists all of them: those of requests, then those of notices.
func Methods() []string {
	return []string{
		methodHello, methodAssign, methodRegister, methodGetPeers,
		methodGetHeaders, methodGetBlocks, methodGetTxs, methodGetBlockTxs,
		methodGetParams, methodGetPolicy, methodPing,
		methodAnnounce, methodCompact,
	}
}

// Method implements Request.
func (*Hello) Method() string       { return methodHello }
func (*Assign) Method() string      { return methodAssign }
func (*Register) Method() string    { return methodRegister }
func (*GetPeers) Method() string    { return methodGetPeers }
func (*GetHeaders) Method() string  { return methodGetHeaders }
func (*GetBlocks) Method() string   { return methodGetBlocks }
func (*GetTxs) Method() string      { return methodGetTxs }
func (*GetBlockTxs) Method() string { return methodGetBlockTxs }
func (*GetParams) Method() string   { return methodGetParams }
func (*GetPolicy) Method() string   { return methodGetPolicy }
func (*Ping) Method() string        { return methodPing }

// Method implements Notice.
func (*Announce) Method() string { return methodAnnounce }
func (*Compact) Method() string  { return methodCompact }

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
