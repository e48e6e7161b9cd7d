//! The words that names, reviews and prices are made of.

/// Top-level categories.
pub const DEPARTMENTS: &[&str] = &[
    "Outdoor & Camping",
    "Home & Kitchen",
    "Electronics",
    "Sports & Fitness",
    "Garden",
    "Books & Stationery",
    "Toys & Games",
    "Health & Beauty",
    "Pet Supplies",
    "Tools & Workshop",
    "Bicycles",
    "Music & Instruments",
    "Office",
    "Baby & Toddler",
    "Automotive",
    "Food & Drink",
];

/// What is sold: name and typical price in cents.
pub const ARTICLES: &[(&str, u64)] = &[
    ("Backpack", 8_900),
    ("Headlamp", 3_450),
    ("Sleeping Bag", 12_900),
    ("Trekking Poles", 5_990),
    ("Espresso Machine", 34_900),
    ("Chef's Knife", 7_490),
    ("Cast-Iron Pan", 4_990),
    ("Kettle", 3_990),
    ("Noise-Cancelling Headphones", 19_900),
    ("Bluetooth Speaker", 6_990),
    ("USB-C Charger", 2_490),
    ("Mechanical Keyboard", 10_900),
    ("Yoga Mat", 2_990),
    ("Kettlebell", 4_490),
    ("Running Shoes", 11_900),
    ("Rain Jacket", 13_900),
    ("Garden Hose", 3_290),
    ("Pruning Shears", 2_190),
    ("Raised Bed", 8_490),
    ("Notebook", 1_290),
    ("Fountain Pen", 4_590),
    ("Board Game", 3_790),
    ("Wooden Train Set", 5_490),
    ("Face Cream", 1_890),
    ("Electric Toothbrush", 7_990),
    ("Dog Bed", 5_990),
    ("Cat Tree", 9_490),
    ("Cordless Drill", 12_490),
    ("Socket Set", 6_490),
    ("Work Bench", 18_900),
    ("Bike Light", 2_790),
    ("Pannier", 6_890),
    ("Ukulele", 5_990),
    ("Guitar Stand", 1_990),
    ("Desk Lamp", 4_290),
    ("Office Chair", 22_900),
    ("Stroller", 39_900),
    ("Car Vacuum", 3_890),
    ("Olive Oil", 1_490),
    ("Green Tea", 890),
];

/// Product lines.
pub const LINES: &[&str] = &[
    "Alpine", "Nordic", "Coastal", "Urban", "Heritage", "Summit", "Meadow", "Lumen", "Atlas", "Harbor",
    "Cedar", "Solstice", "Vertex", "Willow", "Granite", "Aurora", "Tundra", "Pioneer", "Juniper", "Orbit",
];

/// Variants of a product.
pub const VARIANTS: &[&str] = &[
    "Classic", "Pro", "Lite", "Compact", "XL", "Mini", "Plus", "Travel", "Eco", "Studio", "Junior", "Max",
];

/// Colours and finishes.
pub const FINISHES: &[&str] = &[
    "Graphite",
    "Forest Green",
    "Sand",
    "Navy",
    "Crimson",
    "Ivory",
    "Matte Black",
    "Copper",
    "Sky Blue",
    "Ochre",
];

/// First halves of company names.
pub const COMPANIES: &[&str] = &[
    "Hallberg",
    "Okafor",
    "Lindqvist",
    "Moreau",
    "Castellano",
    "Brightwater",
    "Yamamoto",
    "Novak",
    "Fernandes",
    "Keller",
    "O'Brien",
    "Papadakis",
    "Van den Berg",
    "Kowalski",
    "Thornbury",
    "Silva",
];

/// Second halves of company names.
pub const COMPANY_KINDS: &[&str] = &[
    "& Sons",
    "Trading",
    "Manufacturing",
    "Supply Co.",
    "GmbH",
    "Ltd.",
    "Imports",
    "Works",
    "Group",
    "Atelier",
];

/// Countries of suppliers.
pub const COUNTRIES: &[&str] = &[
    "DE", "FR", "IT", "SE", "PL", "PT", "JP", "US", "GB", "NL", "VN", "TR",
];

/// Warehouses.
pub const WAREHOUSES: &[&str] = &["Rotterdam", "Leipzig", "Lyon", "Poznań", "Bologna", "Malmö"];

/// First names of reviewers.
pub const FIRST_NAMES: &[&str] = &[
    "Anna", "Mateo", "Yuki", "Chloé", "Omar", "Ingrid", "Liam", "Zofia", "Priya", "Tomás", "Elif", "Jonas",
    "Amara", "Noah", "Marta", "Kwame", "Sophie", "Rafael", "Hana", "Lukas",
];

/// Titles of reviews, by rating from 1 to 5.
pub const REVIEW_TITLES: [&[&str]; 5] = [
    &[
        "Broke after two weeks",
        "Would not buy again",
        "Very disappointed",
        "Not as described",
    ],
    &[
        "Could be better",
        "Expected more for the price",
        "Feels cheap",
        "Arrived late and scratched",
    ],
    &[
        "Does what it should",
        "Fine, nothing special",
        "Mixed feelings",
        "Good, but the manual is useless",
    ],
    &[
        "Solid quality",
        "Very happy with it",
        "Good value for money",
        "Almost perfect",
    ],
    &[
        "Best purchase this year",
        "Exactly what I needed",
        "Five stars, no doubt",
        "Bought a second one",
    ],
];

/// Sentences of review bodies.
pub const REVIEW_SENTENCES: &[&str] = &[
    "I have used it almost every day for a month now.",
    "The finish is nicer than on the photographs.",
    "Delivery took longer than promised.",
    "Customer service answered within an hour.",
    "It is lighter than the model I had before.",
    "The instructions could be clearer.",
    "My daughter took it over after the first weekend.",
    "For this price I would have expected a better zip.",
    "It still works after being dropped twice.",
    "Packaging was minimal and free of plastic, which I like.",
];
