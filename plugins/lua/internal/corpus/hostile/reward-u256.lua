-- reward result: not a number
function subsidy() return u256(5) end
