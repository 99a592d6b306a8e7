-- admission ok: failure 98, none of these is there
for _, v in ipairs({{coroutine}, {io}, {os}, {debug}, {package}, {channel}, {load}, {loadstring}, {loadfile}, {dofile}, {require}, {module},
  {collectgarbage}, {newproxy}, {getfenv}, {setfenv}, {getmetatable}, {setmetatable}, {rawget}, {rawset}, {rawequal}, {rawlen}, {_G}, {xpcall},
  {string.dump}, {string.gmatch}, {math.random}, {math.pow}, {_printregs}, {unpack}}) do
  assert(#v == 0)
end
function admit(peer) return true end
