-- difficulty error: failure 94
function target(chain)
  string.find('aaaaaaaaaaaaaaaa', '(a*)*b')
  return chain:target(0)
end
