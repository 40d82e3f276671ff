// Whoever is signed in goes on to their chatbots.

import { wasSignedIn } from "./api.js";

if (wasSignedIn()) location.replace("/chatbots/");
