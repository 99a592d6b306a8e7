-- digishield: DigiByte's and Dogecoin's rule. After every block the target
-- moves by an eighth of the last block's deviation, at most to 3/4 or 3/2.
-- Parameters: none.

-- Toward zero, as C++ divides.
local function eighth(n)
  if n < 0 then
    return -math.floor(-n / 8)
  end
  return math.floor(n / 8)
end

function target(chain)
  local old = chain:target(chain.height)
  if chain.height == 0 then
    return old
  end
  local took = chain:time(chain.height) - chain:time(chain.height - 1)
  local counted = spacing + eighth(took - spacing)
  counted = math.max(counted, spacing - math.floor(spacing / 4))
  counted = math.min(counted, spacing + math.floor(spacing / 2))
  return u256.muldiv(old, counted, spacing)
end
