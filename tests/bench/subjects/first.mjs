// The first call.
export default (client) => client.getUser(1);
