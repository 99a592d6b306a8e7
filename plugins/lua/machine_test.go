package lua

import (
	"fmt"
	"strings"
	"testing"

	"orrery/core/policy"
)

// fullRegistry is a script that has all but some of the registry in use when
// it calls a function of many locals in tail position. spare moves that place
// value by value.
func fullRegistry(spare int) string {
	var names []string
	for i := range 170 {
		names = append(names, fmt.Sprintf("a%d", i))
	}
	half, all := strings.Join(names[:85], ","), strings.Join(names, ",")
	ones := strings.Repeat("1,", spare)
	return `
local sizes = {50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 30, 25, 20, 15, 10, 8, 6, 4, 1, 1}
local function wide() local ` + all + ` = 1 return a0 end
local function many(k) local ` + half + ` = 1 if k == 0 then return 1 end return ` + half + `, many(k - 1) end
local function last(...) if false then last(...) end
  return wide()
end
local function middle(...) if false then middle(...) end return (last(` + ones + ` 1)) end
local function fill(d, ...)
  if false then fill(...) end
  if not sizes[d] then return (middle(` + ones + ` 1)) end
  local r = fill(d + 1, many(sizes[d]))
  return r
end
function target(chain) fill(1) return chain:target(chain.height) end`
}

// A registry that a tail call finds full is the script's own error, at the
// line of the function that had no place: gopher-lua alone would end the
// process.
func TestRegistryFullAtTailCall(t *testing.T) {
	c := steadyChain(3, 600, 0x1b104be1)
	ended, overflowed := 0, 0
	for spare := 0; spare < 160; spare += 20 {
		r := rules(t, fullRegistry(spare), "", testEnv())
		_, units, err := r.TargetTrace(c)
		if _, again, errAgain := r.TargetTrace(c); again != units || fmt.Sprint(errAgain) != fmt.Sprint(err) {
			t.Errorf("%d: %d units and %v, then %d and %v", spare, units, err, again, errAgain)
		}
		if err == nil {
			ended++
			continue
		}
		s := scriptError(t, err)
		if s.Reason != policy.ReasonError || s.Msg != "registry overflow" {
			t.Errorf("%d: %v", spare, err)
		}
		if s.Line == 3 {
			overflowed++
		}
	}
	if ended == 0 || overflowed == 0 {
		t.Errorf("%d calls had room, %d tail calls had none: the script misses the place", ended, overflowed)
	}
}
