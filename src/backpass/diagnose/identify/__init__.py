"""Which J somebody's function computes, told from its numbers before anything is called wrong."""
