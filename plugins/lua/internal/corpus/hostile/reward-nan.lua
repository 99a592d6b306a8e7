-- reward result: not a number
function subsidy() return 0/0 end
