//! What sort of trouble an incident is.

crate::text::word_enum! {
    /// What sort of trouble an incident is.
    Kind, "a kind" {
        /// Requests fail.
        ErrorRate = "error_rate",
        /// Requests are slow.
        Latency = "latency",
        /// The service cannot be reached.
        Availability = "availability",
        /// A resource runs out.
        Saturation = "saturation",
        /// An error budget is being spent too fast.
        SloBurn = "slo_burn",
        /// A release or configuration change did it.
        Deploy = "deploy",
        /// A breach, a leak, an attack.
        Security = "security",
        /// Data is wrong, lost or late.
        Data = "data",
        /// Money is being burnt.
        Cost = "cost",
        /// Anything else.
        Custom = "custom",
    }
}
