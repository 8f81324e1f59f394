"""Our own export API, `/export/v1`: orders, redemptions, returns and codes as files."""
