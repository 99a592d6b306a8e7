package daemon

import (
	"fmt"
	"strings"

	"orrery/cmd/internal/datadir"
	"orrery/core/node"
	"orrery/core/policy"
)

// banner is what a person sees when the node is up: what runs, and what to do
// next.
func (d *daemon) banner(v *node.View) {
	if d.out.Person == nil {
		for _, note := range d.notes {
			d.out.Log.Warn(note)
		}
		d.out.Log.Info("node started", "version", d.version, "chain", d.chain.params.Name, "network_id", fmt.Sprintf("%x", d.chain.params.NetworkID),
			"height", v.Tip.Height, "tip", v.Tip.Hash.String(), "rpc", d.listener.Addr().String(), "id", v.Net.Peers.ID, "peers", v.Net.Peers.Listen, "data_dir", absolute(d.s.Node.DataDir),
			"policy", policy.FormatID(d.chain.policies.id), "difficulty", d.scriptName(policy.Difficulty), "reward", d.scriptName(policy.Subsidy))
		return
	}
	w := d.out.Person
	if d.out.Brief {
		fmt.Fprintf(w, "Node %d, peers at %s, RPC at http://%s, data in %s\n", v.Net.Peers.ID, v.Net.Peers.Listen, d.listener.Addr(), d.s.Node.DataDir)
		return
	}
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "Orrery %s\n", d.version)
	made := ""
	if d.chain.made {
		made = " (new)"
		if d.chain.joined {
			made = " (joined)"
		}
	}
	row("chain", "%s%s, height %d, a block about every %d s", d.chain.params.Name, made, v.Tip.Height, d.chain.params.Spacing)
	row("data", "%s", absolute(d.s.Node.DataDir))
	where := "peers at " + v.Net.Peers.Listen
	if v.Net.Peers.Listen == "" {
		where = "takes no peers"
	}
	row("node", "%d, %s", v.Net.Peers.ID, where)
	row("RPC", "http://%s", d.listener.Addr())
	row("wallet", "%s", d.walletText())
	row("difficulty", "%s", d.scriptName(policy.Difficulty))
	row("reward", "%s", d.scriptName(policy.Subsidy))
	row("mining", "%s", d.miningText())
	for _, note := range d.notes {
		row("note", "%s", note)
	}
	fmt.Fprintf(w, "Try, in another terminal:\n")
	for _, line := range []string{"wallet balance", "cli getblockchaininfo", "config show"} {
		fmt.Fprintf(w, "  %s %s%s\n", d.program, line, d.dirFlag())
	}
	fmt.Fprintf(w, "Ctrl-C ends the node.\n\n")
}

// scriptName is a hook's script as people know it, with its parameters.
func (d *daemon) scriptName(hook policy.Hook) string {
	name := d.chain.policies.sources[hook].File
	var params []string
	for _, p := range d.chain.policies.spec(hook).Params {
		params = append(params, fmt.Sprintf("%s = %v", p.Key, p.Value))
	}
	if len(params) > 0 {
		name += " (" + strings.Join(params, ", ") + ")"
	}
	return name
}

func (d *daemon) miningText() string {
	s := d.miner.Status()
	if !s.Enabled {
		return "off; start it with \"setgenerate true\", or make blocks with \"generatetoaddress\""
	}
	limit := "as fast as they go"
	if n := d.s.Mining.MaxHashrate; n > 0 {
		limit = fmt.Sprintf("at most %d hashes/s", n)
	}
	threads := "1 thread"
	if s.Threads != 1 {
		threads = fmt.Sprintf("%d threads", s.Threads)
	}
	return threads + ", " + limit
}

// dirFlag is what the commands above need to find this node.
func (d *daemon) dirFlag() string {
	if d.s.Node.DataDir == "data" {
		return ""
	}
	return " --node.data_dir " + datadir.Word(d.s.Node.DataDir)
}
