"""Our own export API, `/export/v1`: orders, redemptions and codes as files."""
