package rpc

import (
	"context"
	"time"
)

func controlMethods(d Deps) []Method {
	return []Method{
		{
			Name: "help", Category: "control", Permission: PermRead, Express: true,
			Doc: "List all commands, or get help for a specified command.",
			Params: []Param{
				{Name: "command", Type: StringParam, DefaultHint: "all commands", Doc: "The command to get help on"},
			},
			Result:  Text("", "The help text"),
			Example: `["getrpcinfo"]`,
			Handler: help,
		},
		{
			Name: "stop", Category: "control", Permission: PermAdmin, Express: true,
			Doc: "Request a graceful shutdown of Orrery.",
			Params: []Param{
				{Name: "wait", Type: IntParam, Hidden: true, Doc: "How long to wait before the answer, in milliseconds"},
			},
			Result:  Text("", "A string with the content 'Orrery stopping'"),
			Handler: d.stop,
		},
		{
			Name: "uptime", Category: "control", Permission: PermRead, Express: true,
			Doc:     "Returns the total uptime of the server.",
			Result:  Integer("", "The number of seconds that the server has been running"),
			Handler: d.uptime,
		},
		{
			Name: "getrpcinfo", Category: "control", Permission: PermRead, Express: true,
			Doc: "Returns details of the RPC server.",
			Result: Record("", "",
				List("active_commands", "All active commands",
					Record("", "Information about an active command",
						Text("method", "The name of the RPC command"),
						Integer("duration", "The running time in microseconds"))),
				Text("logpath", "The complete file path to the debug log, empty if the log goes elsewhere")),
			Handler: d.getrpcinfo,
		},
		{
			Name: "rpc.discover", Category: "control", Permission: PermRead, Express: true,
			Doc:     "Returns a description of all methods as an OpenRPC document.",
			Result:  Anything("", "The OpenRPC document (https://spec.open-rpc.org)"),
			Handler: d.discover,
		},
	}
}

func help(_ context.Context, c *Call) (any, error) {
	return c.table.Help(c.Text("command")), nil
}

// maxStopWait bounds the wait of stop in milliseconds; it is for tests.
const maxStopWait = 60_000

func (d Deps) stop(ctx context.Context, c *Call) (any, error) {
	wait := c.Int("wait")
	if wait < 0 || wait > maxStopWait {
		return nil, Errorf(CodeParameter, "wait must be between 0 and %d milliseconds", maxStopWait)
	}
	if wait > 0 {
		timer := time.NewTimer(time.Duration(wait) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-c.Stopping():
		}
	}
	c.After(d.Stop)
	return "Orrery stopping", nil
}

func (d Deps) uptime(_ context.Context, c *Call) (any, error) {
	return int64(d.Now().Sub(c.server.started) / time.Second), nil
}

type rpcInfo struct {
	ActiveCommands []activeCommand `json:"active_commands"`
	LogPath        string          `json:"logpath"`
}

type activeCommand struct {
	Method   string `json:"method"`
	Duration int64  `json:"duration"` // microseconds
}

func (d Deps) getrpcinfo(_ context.Context, c *Call) (any, error) {
	return rpcInfo{ActiveCommands: c.server.running.list(), LogPath: d.LogPath}, nil
}

func (d Deps) discover(_ context.Context, c *Call) (any, error) {
	return c.table.OpenRPC(d.Version), nil
}
