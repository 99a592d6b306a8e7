-- constant: every block pays the same, as long as there is money to issue.
-- Parameters:
--   amount  satoshi (50 coins)

local amount = params.amount or 50 * coin
assert(amount >= 0, "params.amount must not be negative")

function subsidy(block)
  return amount
end
