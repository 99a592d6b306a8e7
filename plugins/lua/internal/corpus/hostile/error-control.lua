-- difficulty error: characters that would break a log
function target(chain)
  error('a\nb\27[31m\0')
  return chain:target(0)
end
