"""The language server: what `compiler/editor` answers, in the words of the protocol.

This is the only folder that depends on pygls. It reads no files: `nnc lsp` hands it a reader."""
