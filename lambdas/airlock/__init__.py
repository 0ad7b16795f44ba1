"""Bootstrap Airlock: opens a source-network deny for one OpenShift bootstrap fetch, and puts it back."""
