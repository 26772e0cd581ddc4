// Module.
