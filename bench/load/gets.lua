-- GetPaymentById over the ids that commands.lua made first.
local asked = 0  -- wrk calls request() once before it starts, so the first id was never sent
function init(arguments) prefix, count = arguments[1], tonumber(arguments[2]) end
function request()
  asked = (asked + 7919) % count
  return wrk.format("GET", "/v1/payments/queries/GetPaymentById?paymentId=" .. prefix .. (asked + 2))
end
