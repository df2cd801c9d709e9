select {{ columns_of(ref('payments'), except=['note']) }} from ({{ deduplicate(ref('payments'), 'customer', 'payment_id desc') }})
