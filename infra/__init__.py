"""The CDK application: what is deployed, one file a concern."""
