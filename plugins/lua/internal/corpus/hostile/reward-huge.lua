-- reward result: above 2^53
function subsidy() return 1e15 * 100 end
