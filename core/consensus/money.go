package consensus

// FormatMoney writes an amount in coins with 2 to 8 decimals, as Core does in
// its reject details (Core: util/moneystr.cpp).
func FormatMoney(satoshi int64) string {
	if satoshi < 0 {
		return "-" + formatMoney(-satoshi)
	}
	return formatMoney(satoshi)
}
