"""What jobs are expected to take, what they took, what that costs, and what it may cost.

`learning` knows numbers alone; `ledger` keeps what every job took; `estimates` puts both together;
`budgets` holds jobs against what their owners may spend.
"""
