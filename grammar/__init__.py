"""The grammar of the nnc language, for Lark; read by the frontend and by nothing else."""
