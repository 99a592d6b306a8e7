-- reward result: all of it
function subsidy() return math.huge end
