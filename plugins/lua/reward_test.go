package lua

import (
	"testing"

	"orrery/core/consensus"
	"orrery/core/policy"
)

func subsidyAt(t *testing.T, r *Rules, height int32, issued int64) int64 {
	t.Helper()
	sat, scriptErr, err := policy.NextSubsidy(r, policy.Reward{Height: height, Issued: issued}, consensus.MaxMoney)
	if err != nil || scriptErr != nil {
		t.Fatalf("height %d: %v %v", height, scriptErr, err)
	}
	return sat
}

// Within an era the subsidy is constant, which the ends and the middle show;
// the sum over all heights is Bitcoin's.
func TestHalvingSupply(t *testing.T) {
	r := rules(t, "", librarySource(t, "reward", "halving"), testEnv())
	const interval = 210_000
	var total int64
	last := int32(-1)
	for era := range int32(64) {
		first := era * interval
		if first > 10_000_000 {
			break
		}
		sat := subsidyAt(t, r, first, 0)
		for _, h := range []int32{first + 1, first + interval/2, first + interval - 1} {
			if got := subsidyAt(t, r, h, 0); got != sat {
				t.Errorf("height %d pays %d, height %d pays %d", first, sat, h, got)
			}
		}
		if want := 50 * consensus.CoinUnit >> min(era, 63); sat != want {
			t.Errorf("era %d pays %d, want %d", era, sat, want)
		}
		total += sat * interval
		if sat > 0 {
			last = first + interval - 1
		}
	}
	if total != 2_099_999_997_690_000 {
		t.Errorf("total %d satoshi, want 2099999997690000", total)
	}
	if last != 6_929_999 || subsidyAt(t, r, 6_929_999, 0) != 1 || subsidyAt(t, r, 6_930_000, 0) != 0 {
		t.Errorf("last paid height %d, want 6929999", last)
	}
	if got := subsidyAt(t, r, 2_147_483_647, 0); got != 0 {
		t.Errorf("the highest height pays %d", got)
	}
}

// Core's regtest halves every 150 blocks.
func TestHalvingInterval(t *testing.T) {
	r := rules(t, "", librarySource(t, "reward", "halving"), testEnv(policy.Param{Key: "interval", Value: int64(150)}))
	for _, tt := range []struct {
		height int32
		sat    int64
	}{{1, 5_000_000_000}, {149, 5_000_000_000}, {150, 2_500_000_000}, {299, 2_500_000_000}, {300, 1_250_000_000}, {4949, 1}, {4950, 0}} {
		if got := subsidyAt(t, r, tt.height, 0); got != tt.sat {
			t.Errorf("height %d pays %d, want %d", tt.height, got, tt.sat)
		}
	}
}

func TestConstant(t *testing.T) {
	r := rules(t, "", librarySource(t, "reward", "constant"), testEnv(policy.Param{Key: "amount", Value: int64(7)}))
	if got := subsidyAt(t, r, 1, 0); got != 7 {
		t.Errorf("%d, want 7", got)
	}
	if got := subsidyAt(t, r, 1, consensus.MaxMoney-5); got != 5 {
		t.Errorf("near the end: %d, want 5", got)
	}
}

func TestTail(t *testing.T) {
	r := rules(t, "", librarySource(t, "reward", "tail"), testEnv())
	for _, tt := range []struct{ issued, sat int64 }{
		{0, 2_002_716_064}, // 21 million coins / 2^20
		{1_050_000_000_000_000, 1_001_358_032},
		{2_100_000_000_000_000 - 62_914_560_000_000 - 1, 60_000_000},
		{2_037_085_440_000_000 - 1<<20, 60_000_001},
	} {
		if got := subsidyAt(t, r, 5, tt.issued); got != tt.sat {
			t.Errorf("%d issued: %d, want %d", tt.issued, got, tt.sat)
		}
	}
	if got, err := r.Subsidy(policy.Reward{Height: 5, Issued: 2_200_000_000_000_000}); err != nil || got != 60_000_000 {
		t.Errorf("more issued than the total: %d (%v)", got, err)
	}
}

func TestLinear(t *testing.T) {
	r := rules(t, "", librarySource(t, "reward", "linear"), testEnv(
		policy.Param{Key: "initial", Value: int64(1000)}, policy.Param{Key: "last", Value: int64(100)}, policy.Param{Key: "blocks", Value: int64(90)}))
	for _, tt := range []struct {
		height int32
		sat    int64
	}{{0, 1000}, {1, 990}, {45, 550}, {89, 110}, {90, 100}, {1_000_000, 100}} {
		if got := subsidyAt(t, r, tt.height, 0); got != tt.sat {
			t.Errorf("height %d pays %d, want %d", tt.height, got, tt.sat)
		}
	}
	r = rules(t, "", librarySource(t, "reward", "linear"), testEnv())
	if a, b := subsidyAt(t, r, 420_000, 0), subsidyAt(t, r, 840_000, 0); a != 25*consensus.CoinUnit || b != 0 {
		t.Errorf("defaults: %d in the middle, %d at the end", a, b)
	}
}
