//! The verbs of a provisioning request, on values alone.
