-- difficulty error: nothing to call
local function target() end
